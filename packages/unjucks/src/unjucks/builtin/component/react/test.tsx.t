---
to: "{{ dir }}/{{ name | pascal }}/{{ name | pascal }}.test.tsx"
---
import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';

import { {{ name | pascal }} } from './{{ name | pascal }}';

test('shows its children', () => {
  render(<{{ name | pascal }}>hello</{{ name | pascal }}>);

  expect(screen.getByText('hello')).toBeDefined();
});

test('takes a class name', () => {
  render(<{{ name | pascal }} className="wide">hello</{{ name | pascal }}>);

  expect(screen.getByText('hello').className).toBe('wide');
});
