// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>

#include "cli.h"
#include "record_file.h"
#include "run_page.h"

namespace skymill::cli {

Command add_page(CLI::App& app) {
  auto record = std::make_shared<std::string>();
  auto output = std::make_shared<std::string>();
  app.add_option("record", *record, "Record of a run, such as out/my.run.json")
      ->required()
      ->type_name("RECORD");
  app.add_option("--output", *output, "The page; default: beside the record, such as my.run.html")
      ->type_name("FILE");
  app.footer("The page is one file that loads nothing: pictures and charts are in it.");
  return [record, output] {
    const std::string page =
        output->empty() ? std::filesystem::path(*record).replace_extension(".html").string()
                        : *output;
    write_text_whole(page, page_of_record(*record));
    print(page + "\n");
    return 0;
  };
}

}  // namespace skymill::cli
