/** One HTTP request in each of the forms in which AWS hands it to a function. */
import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type Front = 'rest-api' | 'http-api' | 'function-url' | 'load-balancer';
export const FRONTS: readonly Front[] = ['rest-api', 'http-api', 'function-url', 'load-balancer'];

export interface EventOptions {
  /** As AWS does for what it takes for binary; else the body is text. */
  readonly base64: boolean;
  /** Load balancers send lists only where the target group asks for them; the REST API always. */
  readonly multiValue?: boolean;
}

export type LambdaEvent = ALBEvent | APIGatewayProxyEvent | APIGatewayProxyEventV2;

const CLIENT = '203.0.113.7';

/** Refuses text bodies that are no UTF-8: AWS would have sent those as base64. */
export function lambdaEvent(
  front: Front,
  request: HttpRequest,
  options: EventOptions,
): LambdaEvent {
  switch (front) {
    case 'rest-api':
      return restApiEvent(request, options);
    case 'http-api':
      return httpApiEvent(request, options, 'abc123.execute-api.eu-central-1.amazonaws.com');
    case 'function-url':
      return httpApiEvent(request, options, 'abc123.lambda-url.eu-central-1.on.aws');
    case 'load-balancer':
      return loadBalancerEvent(request, options);
  }
}

function bodyOf({ body }: HttpRequest, { base64 }: EventOptions) {
  return {
    body: base64
      ? Buffer.from(body).toString('base64')
      : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body),
    isBase64Encoded: base64,
  };
}

/** The REST API keeps the case in which a sender wrote a header's name. */
function asWritten(headers: HttpRequest['headers']): Record<string, string> {
  const titled = (name: string): string => name.replace(/(^|-)[a-z]/g, (c) => c.toUpperCase());
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [titled(name), value]));
}

function lists(headers: HttpRequest['headers']): Record<string, string[]> {
  return {
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    'x-forwarded-for': [CLIENT, '10.0.0.1'],
  };
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html */
function restApiEvent(request: HttpRequest, options: EventOptions): APIGatewayProxyEvent {
  const { method, path, headers } = request;
  return {
    resource: '/{proxy+}',
    path,
    httpMethod: method,
    headers: asWritten(headers),
    multiValueHeaders: lists(asWritten(headers)),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: {
      accountId: '123456789012',
      apiId: 'abc123',
      authorizer: null,
      protocol: 'HTTP/1.1',
      httpMethod: method,
      identity: {
        accessKey: null,
        accountId: null,
        apiKey: null,
        apiKeyId: null,
        caller: null,
        clientCert: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: CLIENT,
        user: null,
        userAgent: 'Stripe/1.0',
        userArn: null,
      },
      // The stage is part of this path and not of the event's own.
      path: `/prod${path}`,
      stage: 'prod',
      requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
      requestTimeEpoch: Date.now(),
      resourceId: '123456',
      resourcePath: '/{proxy+}',
    },
    ...bodyOf(request, options),
  };
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
function httpApiEvent(
  request: HttpRequest,
  options: EventOptions,
  domainName: string,
): APIGatewayProxyEventV2 {
  const { method, path, headers } = request;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { ...headers, 'x-forwarded-for': CLIENT },
    requestContext: {
      accountId: '123456789012',
      apiId: 'abc123',
      domainName,
      domainPrefix: 'abc123',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: CLIENT, userAgent: 'Stripe/1.0' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: '$default',
      stage: '$default',
      time: '10/Mar/2026:05:16:23 +0000',
      timeEpoch: Date.now(),
    },
    ...bodyOf(request, options),
  };
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html */
function loadBalancerEvent(request: HttpRequest, options: EventOptions): ALBEvent {
  const { method, path, headers } = request;
  const arn = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/hookline/1a2b3c';
  return {
    requestContext: { elb: { targetGroupArn: arn } },
    httpMethod: method,
    path,
    ...(options.multiValue === true
      ? { multiValueHeaders: lists(headers), multiValueQueryStringParameters: {} }
      : { headers: { ...headers, 'x-forwarded-for': CLIENT }, queryStringParameters: {} }),
    ...bodyOf(request, options),
  };
}
