import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toApiError } from '@/api/problem';
import type { Check, FieldWord } from './fields';
import { fieldErrors, useErrorText } from './useErrorText';

export interface Field {
  value: string;
  check: Check;
  /** What to say when the server refuses the field although the check let it pass. */
  says: FieldWord;
  /** An error code that is about this field alone. */
  code?: string;
}

interface Fields<Name extends string> {
  errors: Partial<Record<Name, string>>;
  /** What went wrong with the whole form, where no field says it. */
  general: string | null;
  /** Call it on submit: says whether to send, and shows what is missing until it is mended. */
  complete: () => boolean;
}

/** The errors of a form's fields, in the page's own words; the fields are named as in the contract. */
export function useFields<Name extends string>(fields: Record<Name, Field>, error: unknown): Fields<Name> {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [tried, setTried] = useState(false);
  const names = Object.keys(fields) as Name[];
  const refused = fieldErrors(error);
  const code = error ? toApiError(error).code : null;
  const errors: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const { value, check, says, code: own } = fields[name];
    const word = tried ? check(value) : null;
    if (word !== null) errors[name] = t(`fields.${word}`);
    else if (own !== undefined && code === own) errors[name] = errorText(error);
    else if (name in refused) errors[name] = t(`fields.${says}`);
  }
  return {
    errors,
    general: error && Object.keys(errors).length === 0 ? errorText(error) : null,
    complete: () => {
      const whole = names.every((name) => fields[name].check(fields[name].value) === null);
      setTried(!whole);
      return whole;
    },
  };
}
