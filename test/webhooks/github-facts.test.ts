import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { countFacts, formatFacts, plainEvents, runFacts } from '../../src/cli/facts.ts';
import { type AlertFact, isAlertFact } from '../../src/core/fact.ts';
import { factsOf } from '../../src/core/fact-table.ts';
import { type Json, type JsonObject, textAt } from '../../src/core/json.ts';
import { githubFacts } from '../../webhooks/github-facts.ts';

const OPTIONS = { alertLabels: ['incident', 'outage', 'alert', 'security'] };

function facts(type: string, json: Json, options = OPTIONS): readonly AlertFact[] {
  const result = factsOf({ table: githubFacts, event: { type, json }, options });
  if (!result.ok) throw new Error(`${result.failure.path}: ${result.failure.detail}`);
  return result.value.filter(isAlertFact);
}

const repository = { full_name: 'acme/shop', default_branch: 'trunk' };

describe('labelled GitHub events', () => {
  const url = new URL('./payloads/github.json', import.meta.url);
  const entries = JSON.parse(readFileSync(url, 'utf8'));
  const report = runFacts({
    entries,
    tables: { github: githubFacts },
    eventsOf: plainEvents,
    options: OPTIONS,
  });

  it('holds at least twenty events, and the table agrees strictly with every label', () => {
    expect(countFacts(report).passed, formatFacts(report)).toBeGreaterThanOrEqual(20);
    expect(report.outcomes.filter((outcome) => outcome.differences.length > 0)).toEqual([]);
  });
});

describe("octokit's examples of real deliveries", () => {
  // Required, because the package's types describe it as an ES module, which it is not.
  const events: readonly { readonly name: string; readonly examples: readonly Json[] }[] =
    createRequire(import.meta.url)('@octokit/webhooks-examples');

  it('can be read without a shape failure, all of them', () => {
    let read = 0;
    for (const { name, examples } of events) {
      for (const json of examples) {
        const action = textAt(json, 'action');
        const type = action === null ? name : `${name}.${action}`;
        const result = factsOf({ table: githubFacts, event: { type, json }, options: OPTIONS });
        expect(result.ok, `${type}: ${JSON.stringify(result)}`).toBe(true);
        read += 1;
      }
    }
    expect(read).toBeGreaterThan(100);
  });
});

describe('a body under the name of another event, which GitHub does not sign', () => {
  const marks = {
    dependabot_alert: { dependency: {}, security_advisory: { summary: 'x' } },
    secret_scanning_alert: { secret_type: 'example_api_key' },
    code_scanning_alert: { rule: { id: 'js/xss' } },
  } as const;
  const kinds = Object.keys(marks) as (keyof typeof marks)[];

  it.each(kinds)('of %s speaks of no other alert with the same number', (body) => {
    for (const name of kinds) {
      const alert = { number: 7, ...marks[body] };
      const said = facts(`${name}.reopened`, { action: 'reopened', alert, repository });
      expect([name, said.length]).toEqual([name, name === body ? 1 : 0]);
    }
  });

  it('of a deleted comment deletes no issue', () => {
    const issue = { number: 1, title: 'Down', labels: [{ name: 'incident' }] };
    const deleted = { action: 'deleted', issue, repository };
    expect(facts('issues.deleted', deleted)).toHaveLength(1);
    expect(facts('issues.deleted', { ...deleted, comment: { id: 1 } })).toEqual([]);
  });
});

describe('what makes an alert', () => {
  const issue = (labels: readonly string[], state = 'open'): JsonObject => ({
    number: 1,
    title: 'Down',
    state,
    labels: labels.map((name) => ({ name })),
  });

  it('follows the labels of the source, not a fixed set', () => {
    const json = { repository, issue: issue(['p1']), label: { name: 'P1' } };
    expect(facts('issues.labeled', json)).toEqual([]);
    expect(facts('issues.labeled', json, { alertLabels: ['p1'] })).toMatchObject([
      { fact: 'alert.opened', ref: 'acme/shop/issue/1' },
    ]);
  });

  it('does not open a closed issue that gets an alert label afterwards', () => {
    const json = { repository, issue: issue(['outage'], 'closed'), label: { name: 'outage' } };
    expect(facts('issues.labeled', json)).toEqual([]);
  });

  it('closes a run on the default branch only by a success of the same workflow and branch', () => {
    const run = (conclusion: string, workflow_id: number, head_branch = 'trunk') =>
      facts('workflow_run.completed', {
        repository,
        workflow_run: {
          conclusion,
          head_branch,
          head_repository: repository,
          name: 'ci',
          workflow_id,
        },
      });
    const [opened] = run('failure', 5);
    expect(run('success', 5)).toMatchObject([{ fact: 'alert.closed', ref: opened?.ref }]);
    expect(run('success', 6)[0]?.ref).not.toBe(opened?.ref);
    expect(run('success', 5, 'feature')).toEqual([]);
    for (const other of ['cancelled', 'skipped', 'neutral', 'action_required', 'stale']) {
      expect(run(other, 5)).toEqual([]);
    }
  });

  it('names one subject per requested reviewer of one pull request', () => {
    const pull_request = { number: 2, title: 'T', user: { login: 'octocat' } };
    const asked = (requested_reviewer: JsonObject) =>
      facts('pull_request.review_requested', { repository, pull_request, requested_reviewer });
    expect(asked({ login: 'hubot' })[0]).toMatchObject({
      ref: 'acme/shop/pull/2/review/hubot',
      assigneeLogins: ['hubot'],
    });
    expect(asked({ login: 'mona' })[0]?.ref).toBe('acme/shop/pull/2/review/mona');
  });
});

describe('when it happened', () => {
  const alert = (times: JsonObject) => ({ repository, alert: { number: 1, ...times } });
  const made = '2026-01-01T00:00:00Z';
  const later = '2026-01-02T00:00:00Z';

  it('takes the closing, even if updated_at did not move', () => {
    const [fact] = facts(
      'code_scanning_alert.fixed',
      alert({ created_at: made, updated_at: made, fixed_at: later }),
    );
    expect(fact?.occurredAt).toBe(Date.parse(later));
  });

  it('never dates a reopening back to the making of the alert, or the closing would outlive it', () => {
    const [stale] = facts(
      'code_scanning_alert.reopened',
      alert({ created_at: made, updated_at: made }),
    );
    expect(stale?.occurredAt).toBeNull();
    const [old] = facts('code_scanning_alert.reopened', alert({ created_at: made }));
    expect(old?.occurredAt).toBeNull();
    const [moved] = facts(
      'code_scanning_alert.reopened',
      alert({ created_at: made, updated_at: later }),
    );
    expect(moved?.occurredAt).toBe(Date.parse(later));
  });
});
