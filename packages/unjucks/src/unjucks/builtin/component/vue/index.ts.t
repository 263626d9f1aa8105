---
to: "{{ dir }}/{{ name | pascal }}/index.ts"
---
export { default as {{ name | pascal }} } from './{{ name | pascal }}.vue';
