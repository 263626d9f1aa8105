---
to: "{{ dir }}/{{ name | pascal }}/{{ name | pascal }}.test.ts"
---
import { mount } from '@vue/test-utils';
import { expect, test } from 'vitest';

import {{ name | pascal }} from './{{ name | pascal }}.vue';

test('shows its label', () => {
  const wrapper = mount({{ name | pascal }}, { props: { label: 'hello' } });

  expect(wrapper.text()).toBe('hello');
});

test('shows its slot instead of the label', () => {
  const wrapper = mount({{ name | pascal }}, { slots: { default: 'inside' } });

  expect(wrapper.text()).toBe('inside');
});
