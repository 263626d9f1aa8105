---
to: "{{ dir }}/{{ name | pascal }}/index.ts"
---
export { {{ name | pascal }} } from './{{ name | pascal }}';
export type { {{ name | pascal }}Props } from './{{ name | pascal }}';
