---
to: "{% if story %}{{ dir }}/{{ name | pascal }}/{{ name | pascal }}.stories.tsx{% endif %}"
---
import type { Meta, StoryObj } from '@storybook/react';

import { {{ name | pascal }} } from './{{ name | pascal }}';

const meta = {
  component: {{ name | pascal }},
} satisfies Meta<typeof {{ name | pascal }}>;

export default meta;

type Story = StoryObj<typeof meta>;

export const Default: Story = {
  args: { children: '{{ name | title }}' },
};
