/**
 * AWS Lambda: `gateway` behind a Function URL, an API Gateway or a load balancer, `objects` invoked
 * by Restate. The archive is a SQLite file on a mounted volume (`DATABASE_URL=file:/mnt/…`, EFS)
 * with one writer at a time; PostgreSQL, which several can share, comes with a later version.
 */
import config from '../gateway.config.ts';
import { buildLambda } from './launch/lambda-parts.ts';

export const { gateway, objects } = await buildLambda(config, process.env);
