import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { firstSight } from './build/chunks';
import { served } from './build/served';

const source = fileURLToPath(new URL('./src', import.meta.url));
const server = process.env.TURTUS_DEV_SERVER ?? 'http://localhost:8080';

export default defineConfig({
  plugins: [react(), served(source)],
  resolve: { alias: { '@': source } },
  server: {
    port: 5173,
    proxy: {
      '/api': { target: server, ws: true, changeOrigin: false },
      '/.well-known': { target: server },
    },
  },
  build: { target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 700, rolldownOptions: { output: { codeSplitting: { groups: firstSight(source) } } } },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}', 'bench/**/*.test.ts', 'build/**/*.test.ts'],
    setupFiles: ['src/test/setup.ts'],
    css: false,
    restoreMocks: true,
    testTimeout: 30_000,
  },
});
