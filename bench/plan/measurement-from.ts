/** Measured costs out of the reports of earlier runs. */
import { readReports } from '../reports.ts';
import { committed, type MeasuredCosts, type Measurement } from './measured-costs.ts';

/** @param directory with the JSON files of reports @throws (rejects) Error when there is none with costs in it */
export async function measurementFrom(directory: string): Promise<Measurement> {
  const reports = (await readReports(directory)).filter(({ costs }) => costs !== undefined);
  const [first] = reports;
  if (first === undefined)
    throw new Error(
      `${directory} holds no report with costs: write some with \`bench relay --json ${directory}/relay.json\``,
    );
  const { cpu, cores, memoryGiB, platform, node } = first.machine;
  const found: Partial<MeasuredCosts> = {};
  for (const { costs } of reports) Object.assign(found, costs);
  return {
    ...committed,
    ...found,
    machine: `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}`,
    at: first.at.slice(0, 10),
    command: reports.map(({ command }) => command).join(', '),
  };
}
