// Answers questions about Rocket.Chat without the simulated server: reads a JSON array of them,
// and writes one of answers. Bundled with esbuild, because the packages of rest-typings import
// their files without extension.
import { readFileSync } from 'node:fs';
import { parse } from 'node:querystring';
import { aggregate } from 'mingo';
import * as typings7 from 'rest-typings-7/dist/v1/omnichannel.js';
import * as typings8 from 'rest-typings-8/dist/v1/omnichannel.js';

const typings = { 7: typings7, 8: typings8 };
const validators = {
  'total-abandoned-chats': 'isLivechatAnalyticsDepartmentsTotalAbandonedChatsProps',
  'amount-of-chats': 'isLivechatAnalyticsDepartmentsAmountOfChatsProps',
  department: 'isGETLivechatDepartmentProps',
};

// What a release says to a query: "" if it takes it.
function validate({ release, route, query }) {
  const valid = typings[release][validators[route]];
  return valid({ ...parse(query) }) ? '' : valid.errors.map((e) => e.message).join('\n ');
}

// A room as the database has it. Its fields that are undefined are missing.
function document({ departmentId, openedAt, closedAt, inactivity, waiting }) {
  const room = { t: 'l', open: closedAt === undefined, ts: new Date(openedAt), metrics: {} };
  if (departmentId !== undefined) room.departmentId = departmentId;
  if (closedAt !== undefined) room.closedAt = new Date(closedAt);
  if (inactivity !== undefined) room.metrics.visitorInactivity = inactivity;
  if (waiting) room.waitingResponse = true;
  return room;
}

function condition({ route, start, end, departmentId, answered, timeout }) {
  const match = { t: 'l', ts: { $gte: new Date(start) } };
  if (route === 'total-abandoned-chats') {
    match['metrics.visitorInactivity'] = { $gte: timeout };
    match.closedAt = { $lte: new Date(end) };
  } else {
    match.ts.$lte = new Date(end);
    if (answered !== undefined) match.waitingResponse = answered ? { $ne: true } : true;
  }
  if (departmentId !== undefined) match.departmentId = departmentId;
  return match;
}

// The rows of all departments, and how many there are. The key has two members, so that a
// department that is missing is not the same as one that is null.
function count({ rooms, ...question }) {
  const stages = [
    { $match: condition(question) },
    { $group: { _id: { all: null, department: '$departmentId' }, n: { $sum: 1 } } },
    { $project: { _id: { $ifNull: ['$_id.department', null] }, n: 1 } },
  ];
  const documents = rooms.map(document);
  const page = [{ $sort: { name: 1 } }];
  if (question.offset) page.push({ $skip: question.offset });
  if (question.limit) page.push({ $limit: question.limit });
  return {
    rows: aggregate(documents, stages),
    length: aggregate(documents, [...stages, ...page]).length,
    total: aggregate(documents, [...stages, { $count: 'total' }])[0]?.total ?? 0,
  };
}

// Milliseconds since the epoch, null for what is no date.
const date = ({ text }) => Date.parse(text);

const judges = { validate, count, date };
const questions = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(questions.map((q) => judges[q.about](q))));
