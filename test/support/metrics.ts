/** Values out of the text that `/metrics` answers with. */

/** Asked for a series with its labels, as it is printed; one that is not there yet stands at 0. */
export function seriesIn(text: string): (series: string) => number {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const end = line.lastIndexOf(' ');
    values.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return (series) => values.get(series) ?? 0;
}
