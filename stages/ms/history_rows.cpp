// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/TableAttr.h>
#include <casacore/tables/Tables/TableDesc.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <stages/ms/history_rows.h>
#include <stages/ms/wall.h>

#include <chrono>

namespace skymill::radio::wall {

namespace cc = casacore;

namespace {

template <class T>
void put(cc::Table& table, const char* column, cc::rownr_t row, const T& value) {
  if (table.tableDesc().isColumn(column)) cc::ScalarColumn<T>(table, column).put(row, value);
}

void put_nothing(cc::Table& table, const char* column, cc::rownr_t row) {
  if (!table.tableDesc().isColumn(column)) return;
  cc::ArrayColumn<cc::String>(table, column).put(row, cc::Vector<cc::String>(1, ""));
}

}  // namespace

double now_mjd_s() {
  using Seconds = std::chrono::duration<double>;
  const double unix_s = Seconds(std::chrono::system_clock::now().time_since_epoch()).count();
  return unix_s + 40587.0 * 86400.0;  // MJD of 1970-01-01
}

void add_history(const cc::Table& ms, const std::string& application,
                 const std::vector<std::string>& lines) {
  if (!has_subtable(ms, "HISTORY")) return;
  cc::Table table(ms.keywordSet().tableAttributes("HISTORY").name(), own_lock(), cc::Table::Update);
  for (const std::string& line : lines) {
    const cc::rownr_t row = table.nrow();
    table.addRow(1);
    put(table, "TIME", row, now_mjd_s());
    put(table, "OBSERVATION_ID", row, cc::Int(0));
    put(table, "MESSAGE", row, cc::String(line));
    put(table, "PRIORITY", row, cc::String("INFO"));
    put(table, "ORIGIN", row, cc::String(application));
    put(table, "OBJECT_ID", row, cc::Int(0));
    put(table, "APPLICATION", row, cc::String(application));
    put_nothing(table, "CLI_COMMAND", row);
    put_nothing(table, "APP_PARAMS", row);
  }
  table.flush(true);
}

}  // namespace skymill::radio::wall
