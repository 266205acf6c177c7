// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/ArrayMath.h>
#include <casacore/casa/Arrays/Matrix.h>
#include <casacore/tables/Tables/TableColumn.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <stages/ms/written_samples.h>

#include <algorithm>

namespace skymill::radio::wall {

namespace cc = casacore;

namespace {

constexpr std::size_t kMostSamples = 128;
constexpr std::size_t kRowsOfSample = 64;
const char* const kKeyword = "SKYMILL_WRITTEN";

}  // namespace

void WrittenSamples::add(const CellRange& range, const std::vector<std::complex<float>>& data) {
  const std::uint64_t number = chunks_++;
  if (number % stride_ != 0) return;
  const std::size_t count = std::min(kRowsOfSample, range.count);
  // Steps of a Weyl sequence: spread evenly, alike in every run.
  const std::uint64_t step = (number * 0x9e3779b97f4a7c15ULL) >> 33;
  const std::size_t offset = static_cast<std::size_t>(step % (range.count - count + 1));
  const std::size_t cell = range.ncorr * range.nchan;
  const auto begin = data.begin() + static_cast<std::ptrdiff_t>(offset * cell);
  MsWrittenSample sample;
  sample.first = range.first + offset;
  sample.count = count;
  sample.first_channel = range.first_channel;
  sample.nchan = range.nchan;
  sample.sum = checksum_of({begin, begin + static_cast<std::ptrdiff_t>(count * cell)});
  samples_.push_back(sample);
  if (samples_.size() < kMostSamples) return;
  for (std::size_t k = 0; 2 * k < samples_.size(); ++k) samples_[k] = samples_[2 * k];
  samples_.resize((samples_.size() + 1) / 2);
  stride_ *= 2;
}

void WrittenSamples::write(cc::Table& ms) const {
  cc::Matrix<cc::Int64> table(5, samples_.size());
  for (std::size_t k = 0; k < samples_.size(); ++k) {
    const MsWrittenSample& sample = samples_[k];
    table(0, k) = static_cast<cc::Int64>(sample.first);
    table(1, k) = static_cast<cc::Int64>(sample.count);
    table(2, k) = static_cast<cc::Int64>(sample.first_channel);
    table(3, k) = static_cast<cc::Int64>(sample.nchan);
    table(4, k) = static_cast<cc::Int64>(sample.sum);
  }
  cc::TableColumn column(ms, "DATA");
  column.rwKeywordSet().define(kKeyword, table);
}

std::vector<MsWrittenSample> WrittenSamples::read(const cc::Table& ms) {
  std::vector<MsWrittenSample> samples;
  if (!ms.tableDesc().isColumn("DATA")) return samples;
  const cc::TableRecord& keywords = cc::TableColumn(ms, "DATA").keywordSet();
  if (!keywords.isDefined(kKeyword) || keywords.dataType(kKeyword) != cc::TpArrayInt64) {
    return samples;
  }
  const cc::Array<cc::Int64> array = keywords.asArrayInt64(kKeyword);
  if (array.ndim() != 2 || array.shape()[0] != 5) return samples;
  const cc::Matrix<cc::Int64> table(array);
  for (std::size_t k = 0; k < table.ncolumn(); ++k) {
    samples.push_back({static_cast<std::uint64_t>(table(0, k)),
                       static_cast<std::size_t>(table(1, k)), static_cast<std::size_t>(table(2, k)),
                       static_cast<std::size_t>(table(3, k)),
                       static_cast<std::uint64_t>(table(4, k))});
  }
  return samples;
}

}  // namespace skymill::radio::wall
