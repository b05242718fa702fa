import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

const here = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  root: here,
  base: '/static/field/',
  plugins: [vue()],
  build: {
    // Phones of 2020; what they lack in syntax is rewritten, what they lack in functions the code does without.
    target: ['chrome80', 'safari14'],
    outDir: '../static/field',
    emptyOutDir: true,
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { include: ['tests/**/*.test.ts'], testTimeout: 60_000 },
});
