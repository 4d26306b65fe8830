// Reads a run's histograms by the JavaScript library of the HdrHistogram family, and holds what it
// finds against the JSON.
//
// usage: node read.cjs FOLDER    with run.json, run.hgrm and run.hlog

"use strict";

const fs = require("fs");
const path = require("path");
const hdr = require("hdr-histogram-js");

const folder = process.argv[2];
const name = path.basename(folder);
const read = (file) => fs.readFileSync(path.join(folder, file), "utf8");
const run = JSON.parse(read("run.json"));
const { sent, received, lost, late } = run.counts;

function same(what, found, expected) {
  if (found !== expected) {
    console.error(`read.cjs: ${name}: ${what} is ${found}, and ${expected} in the JSON`);
    process.exit(1);
  }
}

// The lost are in no histogram: a quantile of all probes is looked up by its rank.
function checkHistogram(what, found, clock) {
  same(`${what} count`, found.totalCount, received);
  const exact = run.histograms[clock].max;
  same(`${what} max`, found.maxValue, found.highestEquivalentValue(exact));
  for (const [quantile, percent] of [["p50", 50], ["p90", 90], ["p99", 99]]) {
    const rank = Math.ceil((percent * sent) / 100);
    const expected = run.rtt_ns[clock][quantile];
    if (rank > received) {
      same(`${what} ${quantile}`, "lost", expected);
      continue;
    }
    // A quarter below the rank, so that no way of rounding misses it.
    const value = found.getValueAtPercentile((100 * (rank - 0.25)) / received);
    same(`${what} ${quantile}`, Math.min(value, exact), expected);
  }
}

const decode = (clock) => hdr.decodeFromCompressedBase64(run.histograms[clock].hdr);
for (const clock of ["from_due", "from_send"]) {
  checkHistogram(`the histogram ${clock} of the JSON`, decode(clock), clock);
}

const log = new hdr.HistogramLogReader(read("run.hlog"));
const whole = hdr.build({ highestTrackableValue: 120e9, numberOfSignificantValueDigits: 3 });
let intervals = 0;
for (let one = log.nextIntervalHistogram(); one !== null; one = log.nextIntervalHistogram()) {
  const row = run.intervals[intervals];
  same("an interval's count", one.totalCount, row.received);
  const began = (run.began_unix_ns + row.from_ns) / 1e6;
  same("an interval's begin", Math.abs(one.startTimeStampMsec - began) < 2, true);
  whole.add(one);
  intervals += 1;
}
same("the number of intervals", intervals, run.intervals.length);
checkHistogram("the interval log", whole, "from_due");

// Row by row what the library itself would write, where no probe was lost; of the percentiles the last
// digit may be rounded in another way.
if (lost + late === 0) {
  const rows = (text) => text.split("\n").filter((line) => /^ *[0-9]/.test(line));
  const columns = (row) => row.trim().split(/ +/);
  const own = rows(decode("from_due").outputPercentileDistribution(5, 1000)).map(columns);
  const written = rows(read("run.hgrm")).map(columns);
  same("the number of rows", written.length, own.length);
  written.forEach(([value, percentile, ...rest], index) => {
    same("a row's value", value, own[index][0]);
    same("a row's percentile", Math.abs(percentile - own[index][1]) < 1.5e-12, true);
    same("a row's counts", rest.join(" "), own[index].slice(2).join(" "));
  });
}

console.log(
  `readers: ${name}: JavaScript finds what the JSON says (${received} answers, ${lost + late} lost)`,
);
