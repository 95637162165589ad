#!/usr/bin/env node
// Averages the measurements of every weather station in the folder where it runs, with a 95 % confidence
// interval by bootstrap, and writes a table and a report. Usage: summarise.mjs [--resamples N]
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { resamples: { type: 'string', default: '20000' } } });
const resamples = Number(options.resamples);

const files = readdirSync('.').filter((name) => name.endsWith('.csv'));
console.log(`${files.length} files, ${resamples} resamples each`);
mkdirSync('results', { recursive: true });

const rows = files.flatMap((file) => {
  const station = file.replace(/\.csv$/, '');
  const days = readMeasurements(file);
  if (days.length === 0) {
    mkdirSync('set-aside', { recursive: true });
    renameSync(file, `set-aside/${file}`);
    console.error(`${file}: no measurements, set aside`);
    return [];
  }
  const temperature = mean(days.map((day) => day.temperature));
  const [low, high] = confidenceInterval(days.map((day) => day.temperature));
  const rain = days.reduce((sum, day) => sum + day.rain, 0);
  console.log(
    `${station.padEnd(8)} ${days.length} days, ${temperature.toFixed(1)} °C [${low.toFixed(1)}, ${high.toFixed(1)}], ${rain.toFixed(0)} mm`,
  );
  return [{ station, days: days.length, temperature, low, high, rain }];
});

const table = rows.map((row) => [
  row.station,
  row.days,
  row.temperature.toFixed(2),
  row.low.toFixed(2),
  row.high.toFixed(2),
  row.rain.toFixed(1),
]);
writeFileSync(
  'results/summary.csv',
  `${[['station', 'days', 'mean_temperature_c', 'low', 'high', 'rain_mm'], ...table].map((row) => row.join(',')).join('\n')}\n`,
);
const [warmest] = rows.toSorted((a, b) => b.temperature - a.temperature);
const [wettest] = rows.toSorted((a, b) => b.rain - a.rain);
writeFileSync(
  'results/report.txt',
  `${rows.length} stations, ${rows.reduce((sum, row) => sum + row.days, 0)} days.\nWarmest: ${warmest.station}, ${warmest.temperature.toFixed(1)} °C on average.\nWettest: ${wettest.station}, ${wettest.rain.toFixed(0)} mm of rain.\n`,
);
appendFileSync('notes.txt', 'Summarised in results/.\n');
console.log('done: results/summary.csv, results/report.txt');

function readMeasurements(file) {
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  return lines
    .map((line) => line.split(',').slice(1).map(Number.parseFloat))
    .filter((numbers) => numbers.every(Number.isFinite))
    .map(([temperature, rain]) => ({ temperature, rain }));
}

function confidenceInterval(sample) {
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < sample.length; i += 1) sum += sample[Math.floor(Math.random() * sample.length)];
    return sum / sample.length;
  }).sort();
  return [means[Math.floor(resamples * 0.025)], means[Math.floor(resamples * 0.975)]];
}

function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
