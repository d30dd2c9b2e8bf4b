import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// The aggregator, or the mock, that `npm run dev` talks to.
const api = process.env.LAMPPOST_API ?? 'http://127.0.0.1:8099';

export default defineConfig({
  plugins: [svelte()],
  server: { proxy: { '/api': api } },
  build: {
    outDir: '../dist',
    // public/.keep is copied back, so that git's placeholder survives a build.
    emptyOutDir: true,
    target: 'es2022',
    // No modulepreload polyfill: every browser that runs ES2022 has it.
    modulePreload: { polyfill: false },
    // Nothing is inlined as data: URLs; the content security policy allows only 'self'.
    assetsInlineLimit: 0,
  },
  test: { include: ['src/**/*.test.ts'] },
});
