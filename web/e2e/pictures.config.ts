import { defineConfig } from '@playwright/test'
import config from './playwright.config'

/** `make pictures`: the pictures of README and docs, taken of the really running thing. */
export default defineConfig({ ...config, testMatch: 'pictures.ts' })
