/**
 * A small metrics registry in the Prometheus text format. It owns counting and printing; it does
 * not know what is counted. Label values come from the config and closed unions only, so the
 * number of series is bounded; `SERIES_MAX` holds even if a caller forgets that.
 */
export type Labels = Readonly<Record<string, string>>;

export interface Registry {
  /**
   * Counts up by one. `known`: series that stand at 0 from the start, because a rate over a series
   * that begins at 1 never sees that 1.
   */
  counter(name: string, description: string, known?: readonly Labels[]): (labels?: Labels) => void;
  /** `buckets`: ascending upper bounds; `+Inf` is added. */
  histogram(
    name: string,
    description: string,
    buckets: readonly number[],
  ): (labels: Labels, value: number) => void;
  render(): string;
}

/** Series of one metric; later ones are not counted. */
const SERIES_MAX = 2000;

interface Distribution {
  readonly counts: number[];
  sum: number;
  count: number;
}

/**
 * Prints in the order in which metrics were made, in the text format, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function createRegistry(): Registry {
  const blocks: (() => string)[] = [];
  return {
    counter: (name, description, known = []) => {
      const series = new Map(known.map((labels) => [labelText(labels), 0]));
      blocks.push(() => block(name, description, 'counter', lines(name, series)));
      return (labels = {}) => {
        const key = labelText(labels);
        if (!series.has(key) && series.size >= SERIES_MAX) return;
        series.set(key, (series.get(key) ?? 0) + 1);
      };
    },
    histogram: (name, description, buckets) => {
      const series = new Map<string, Distribution>();
      blocks.push(() =>
        block(name, description, 'histogram', distributionLines(name, buckets, series)),
      );
      return (labels, value) => observe(series, buckets, labelText(labels), value);
    },
    render: () => blocks.map((print) => print()).join(''),
  };
}

function observe(
  series: Map<string, Distribution>,
  buckets: readonly number[],
  key: string,
  value: number,
): void {
  let entry = series.get(key);
  if (entry === undefined) {
    if (series.size >= SERIES_MAX) return;
    entry = { counts: buckets.map(() => 0), sum: 0, count: 0 };
    series.set(key, entry);
  }
  entry.sum += value;
  entry.count += 1;
  const index = buckets.findIndex((bound) => value <= bound);
  if (index >= 0) entry.counts[index] = (entry.counts[index] ?? 0) + 1;
}

function block(name: string, description: string, type: string, rows: readonly string[]): string {
  return `# HELP ${name} ${description}\n# TYPE ${name} ${type}\n${rows.map((row) => `${row}\n`).join('')}`;
}

function lines(name: string, series: ReadonlyMap<string, number>): string[] {
  return Array.from(series, ([labels, value]) => `${name}${braced(labels)} ${value}`);
}

function distributionLines(
  name: string,
  buckets: readonly number[],
  series: ReadonlyMap<string, Distribution>,
): string[] {
  const rows: string[] = [];
  for (const [labels, entry] of series) {
    let below = 0;
    for (const [index, bound] of buckets.entries()) {
      below += entry.counts[index] ?? 0;
      rows.push(`${name}_bucket${braced(join(labels, `le="${bound}"`))} ${below}`);
    }
    rows.push(`${name}_bucket${braced(join(labels, 'le="+Inf"'))} ${entry.count}`);
    rows.push(`${name}_sum${braced(labels)} ${entry.sum}`);
    rows.push(`${name}_count${braced(labels)} ${entry.count}`);
  }
  return rows;
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

function join(labels: string, more: string): string {
  return labels === '' ? more : `${labels},${more}`;
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}
