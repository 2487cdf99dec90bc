import { defineConfig } from '@playwright/test'
import { chromiumArgs } from '../e2e/playwright.config'

// `make bench`: one run, one worker, everything measured on the same machine at the same time of day. A group that
// breaks leaves its figures "not measured" and the others go on.
export default defineConfig({
  testDir: '.',
  testMatch: '*.bench.ts',
  workers: 1,
  retries: 0,
  timeout: 6 * 60_000,
  expect: { timeout: 60_000 },
  outputDir: '../test-results',
  reporter: [['list'], ['./reporter.ts']],
  use: {
    viewport: { width: 1280, height: 800 },
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: chromiumArgs },
  },
})
