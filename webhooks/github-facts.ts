/**
 * What GitHub's events mean: security alerts, failed runs on the default branch, requested reviews,
 * issues that carry an alert label. Event type: `X-GitHub-Event`, a dot, `action`.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads
 */
import type { AlertFactName } from '../src/core/fact.ts';
import type { AlertRule, FactRule, FactTable } from '../src/core/fact-table.ts';
import { type Condition, readTime, type Scope, type TextWord } from '../src/core/fact-words.ts';
import { allAt, textAt } from '../src/core/json.ts';

type Common = Omit<AlertRule, 'fact'>;

/** The same rule for several actions of one event. */
function actions(
  event: string,
  names: string,
  fact: AlertFactName,
  fields: Common,
): Record<string, FactRule> {
  return Object.fromEntries(
    names.split(' ').map((name) => [`${event}.${name}`, { ...fields, fact }]),
  );
}

// --- Security alerts. The number of an alert never changes, so it is the ref. ---

/** Not every closing moves `updated_at`; the newest of the times is the time of the change. */
const ALERT_TIME = {
  latest: [
    { iso: 'alert.updated_at' },
    { iso: 'alert.fixed_at' },
    { iso: 'alert.dismissed_at' },
    { iso: 'alert.auto_dismissed_at' },
    { iso: 'alert.resolved_at' },
    { iso: 'alert.created_at' },
  ],
} as const;

/**
 * Each kind counts its alerts from 1, and GitHub does not sign the event's name: a body replayed
 * under the name of another kind must not close the alert there that has the same number.
 */
const NO_DEPENDENCY: Condition = { path: 'alert.dependency', is: [null] };
const NO_SECRET: Condition = { path: 'alert.secret_type', is: [null] };
const NO_CODE: Condition = { path: 'alert.rule', is: [null] };

const DEPENDABOT: Common = {
  when: [NO_SECRET, NO_CODE],
  ref: { template: '{repository.full_name}/dependabot/{alert.number}' },
  severity: ['alert.security_advisory.severity', 'alert.security_vulnerability.severity'],
  title: ['alert.security_advisory.summary', 'alert.dependency.package.name'],
  url: 'alert.html_url',
  assigneeLogins: ['alert.assignees.*.login'],
  occurredAt: ALERT_TIME,
};

const SECRET: Common = {
  when: [NO_DEPENDENCY, NO_CODE],
  ref: { template: '{repository.full_name}/secret-scanning/{alert.number}' },
  title: ['alert.secret_type_display_name', 'alert.secret_type'],
  url: 'alert.html_url',
  assigneeLogins: ['alert.assigned_to.login'],
  occurredAt: ALERT_TIME,
};

const CODE_SEVERITY: TextWord = {
  path: 'alert.rule.severity',
  values: { error: 'high', warning: 'medium', note: 'low' },
};

const CODE: Common = {
  when: [NO_DEPENDENCY, NO_SECRET],
  ref: { template: '{repository.full_name}/code-scanning/{alert.number}' },
  severity: ['alert.rule.security_severity_level', CODE_SEVERITY],
  title: ['alert.rule.description', 'alert.rule.name', 'alert.rule.id'],
  url: 'alert.html_url',
  assigneeLogins: ['alert.assignees.*.login'],
  occurredAt: ALERT_TIME,
};

/**
 * An alert is reopened after it was closed, so its making is no time for that: with it, the fact
 * would be older than the closing and change nothing. Null: the time of receipt counts.
 */
const CODE_REOPENED: Common = {
  ...CODE,
  occurredAt: (scope) => {
    const [created, updated] = ['created_at', 'updated_at'].map((name) =>
      readTime(scope, { iso: `alert.${name}` }),
    );
    return created != null && updated != null && updated > created ? updated : null;
  },
};

/** Superseded by `dependabot_alert`, still sent by older GitHub Enterprise Server. Same refs. */
const VULNERABILITY: Common = {
  ref: [
    { template: '{repository.full_name}/dependabot/{alert.number}' },
    { template: '{repository.full_name}/vulnerability/{alert.id}' },
  ],
  severity: {
    path: 'alert.severity',
    values: {
      critical: 'critical',
      high: 'high',
      moderate: 'medium',
      medium: 'medium',
      low: 'low',
    },
  },
  title: [
    { template: '{alert.external_identifier} in {alert.affected_package_name}' },
    'alert.affected_package_name',
  ],
  url: { template: '{repository.html_url}/security/dependabot/{alert.number}' },
};

// --- Runs on the default branch. A run's id is new each time, so the workflow is the subject. ---

const FAILED = ['failure', 'timed_out', 'startup_failure'];

const RUN: Common = {
  ref: {
    template:
      '{repository.full_name}/workflow/{workflow_run.workflow_id}/{workflow_run.head_branch}',
  },
  when: [
    { path: 'workflow_run.head_branch', sameAs: 'repository.default_branch' },
    // A fork's branch may have the same name: its failure says nothing about ours.
    { path: 'workflow_run.head_repository.full_name', sameAs: 'repository.full_name' },
  ],
  title: ['workflow_run.name', 'workflow.name', 'workflow_run.path'],
  url: 'workflow_run.html_url',
  occurredAt: { iso: ['workflow_run.updated_at', 'workflow_run.run_started_at'] },
};

const SUITE: Common = {
  ref: {
    template: '{repository.full_name}/check-suite/{check_suite.app.id}/{check_suite.head_branch}',
  },
  when: [
    { path: 'check_suite.head_branch', sameAs: 'repository.default_branch' },
    // `workflow_run` reports the same run, with a page to look at.
    { path: 'check_suite.app.slug', isNot: ['github-actions'] },
  ],
  title: ['check_suite.app.name', 'check_suite.app.slug'],
  occurredAt: { iso: 'check_suite.updated_at' },
};

/** Other conclusions (cancelled, skipped, neutral…) say nothing about the code. */
function concluded(fields: Common, path: string): readonly FactRule[] {
  const when = [fields.when ?? []].flat();
  return [
    { ...fields, fact: 'alert.opened', when: [...when, { path, is: FAILED }] },
    { ...fields, fact: 'alert.closed', when: [...when, { path, is: ['success'] }] },
  ];
}

// --- Requested reviews: one subject per pull request and reviewer. ---

function review(reviewer: string, login: string | null): Common {
  return {
    ref: { template: `{repository.full_name}/pull/{pull_request.number}/review/${reviewer}` },
    title: 'pull_request.title',
    url: 'pull_request.html_url',
    assigneeLogins: login === null ? [] : [login],
    occurredAt: { iso: 'pull_request.updated_at' },
  };
}

function requested(fact: AlertFactName): readonly FactRule[] {
  return [
    {
      ...review('{requested_reviewer.login}', 'requested_reviewer.login'),
      fact,
      when: { path: 'requested_reviewer.login', isNot: [null] },
    },
    {
      ...review('team:{requested_team.slug}', null),
      fact,
      when: { path: 'requested_team.slug', isNot: [null] },
    },
  ];
}

const CLOSED_AT = { iso: ['pull_request.closed_at', 'pull_request.updated_at'] } as const;

const REVIEWED: FactRule = {
  ...review('{review.user.login}', 'review.user.login'),
  fact: 'alert.closed',
  when: [
    { path: 'review.state', is: ['approved', 'changes_requested', 'commented'] },
    // Authors answer comments with reviews of their own; nobody had asked them for one.
    { path: 'review.user.login', differsFrom: 'pull_request.user.login' },
  ],
  occurredAt: { iso: ['review.submitted_at', 'pull_request.updated_at'] },
};

// --- Issues: only with an alert label. ---

function isAlertLabel(scope: Scope, name: string | null): boolean {
  const lower = name?.toLowerCase();
  return scope.options.alertLabels.some((label) => label.toLowerCase() === lower);
}

const THIS_LABEL: Condition = (scope) => isAlertLabel(scope, textAt(scope.root, 'label.name'));
const SOME_LABEL: Condition = (scope) =>
  allAt(scope.root, 'issue.labels.*.name').some(
    (name) => typeof name === 'string' && isAlertLabel(scope, name),
  );
const OPEN: Condition = { path: 'issue.state', isNot: ['closed'] };

const ISSUE: Common = {
  ref: { template: '{repository.full_name}/issue/{issue.number}' },
  title: 'issue.title',
  url: 'issue.html_url',
  assigneeLogins: ['issue.assignees.*.login'],
  occurredAt: { iso: 'issue.updated_at' },
};

export const githubFacts: FactTable = {
  rules: {
    ...actions(
      'dependabot_alert',
      'created reopened auto_reopened reintroduced',
      'alert.opened',
      DEPENDABOT,
    ),
    ...actions('dependabot_alert', 'dismissed fixed auto_dismissed', 'alert.closed', DEPENDABOT),
    ...actions('dependabot_alert', 'assignees_changed', 'alert.updated', DEPENDABOT),
    ...actions('secret_scanning_alert', 'created reopened', 'alert.opened', SECRET),
    ...actions('secret_scanning_alert', 'resolved', 'alert.closed', SECRET),
    ...actions(
      'secret_scanning_alert',
      'publicly_leaked validated assigned unassigned',
      'alert.updated',
      SECRET,
    ),
    ...actions('code_scanning_alert', 'created', 'alert.opened', CODE),
    ...actions('code_scanning_alert', 'reopened reopened_by_user', 'alert.opened', CODE_REOPENED),
    ...actions('code_scanning_alert', 'fixed closed_by_user', 'alert.closed', CODE),
    ...actions(
      'code_scanning_alert',
      'appeared_in_branch updated_assignment',
      'alert.updated',
      CODE,
    ),
    ...actions('repository_vulnerability_alert', 'create', 'alert.opened', {
      ...VULNERABILITY,
      occurredAt: { iso: 'alert.created_at' },
    }),
    ...actions('repository_vulnerability_alert', 'reopen', 'alert.opened', VULNERABILITY),
    ...actions('repository_vulnerability_alert', 'dismiss resolve', 'alert.closed', {
      ...VULNERABILITY,
      occurredAt: { iso: ['alert.fixed_at', 'alert.dismissed_at'] },
    }),

    'workflow_run.completed': concluded(RUN, 'workflow_run.conclusion'),
    'check_suite.completed': concluded(SUITE, 'check_suite.conclusion'),

    'pull_request.review_requested': requested('alert.opened'),
    'pull_request.review_request_removed': requested('alert.closed'),
    'pull_request_review.submitted': REVIEWED,
    'pull_request.closed': [
      {
        ...review('{@.login}', '@.login'),
        fact: 'alert.closed',
        each: 'pull_request.requested_reviewers',
        occurredAt: CLOSED_AT,
      },
      {
        ...review('team:{@.slug}', null),
        fact: 'alert.closed',
        each: 'pull_request.requested_teams',
        occurredAt: CLOSED_AT,
      },
    ],

    'issues.labeled': { ...ISSUE, fact: 'alert.opened', when: [THIS_LABEL, OPEN] },
    'issues.reopened': { ...ISSUE, fact: 'alert.opened', when: SOME_LABEL },
    // Of two alert labels the other one still says alert.
    'issues.unlabeled': { ...ISSUE, fact: 'alert.closed', when: [THIS_LABEL, { not: SOME_LABEL }] },
    ...actions('issues', 'closed deleted transferred', 'alert.closed', {
      ...ISSUE,
      // Else the body of `issue_comment.deleted`, under a name that is not signed, would close it.
      when: [SOME_LABEL, { path: 'comment', is: [null] }],
    }),
  },
};
