// English texts about what the aggregator cannot do at the moment; see en.ts.

export const truth = {
  'conn.deaf': 'No reports',
  'summary.deaf': 'not known: nothing is heard',
  'ill.broker': 'The aggregator has lost its broker: since {time} nothing new has come from any gateway. What is shown is as it was then.',
  'ill.store': 'The store has been taking no readings since {time}. The newest values are current; charts and exports lack what is not stored. Gateways keep it and send it again.',
  'ill.database': 'The database has not answered since {time}: what is done here may be refused, and lists may be old.',
  'ill.aggregators': 'Another aggregator has not been heard of since {time}: some news may come late.',
} as const;
