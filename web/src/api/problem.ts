import type { ErrorCode, Problem } from './types';

/** What a request that was answered with problem+json throws. `code` is stable; `fields` names what to mend. */
export class ApiError extends Error {
  readonly code: ErrorCode | 'network';
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode | 'network', detail: string, options: { status?: number; fields?: Record<string, string>; retryAfter?: number | undefined } = {}) {
    super(detail);
    this.name = 'ApiError';
    this.code = code;
    this.status = options.status ?? 0;
    this.fields = options.fields ?? {};
    this.retryAfter = options.retryAfter;
  }
}

export function fromProblem(problem: unknown, status: number): ApiError {
  if (isProblem(problem)) {
    const fields: Record<string, string> = {};
    for (const { field, detail } of problem.fields ?? []) fields[field] = detail;
    return new ApiError(problem.code, problem.detail ?? problem.title, { status, fields, retryAfter: problem.retryAfter });
  }
  // A proxy in between answered, not Turtus.
  return new ApiError(status === 404 ? 'not_found' : status === 429 ? 'rate_limited' : 'unavailable', '', { status });
}

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError('network', error instanceof Error ? error.message : '');
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string';
}
