---
to: "{{ dir }}/{{ name | pascal }}/{{ name | pascal }}.tsx"
---
import type { ReactNode } from 'react';

export interface {{ name | pascal }}Props {
  children?: ReactNode;
  className?: string;
}

export function {{ name | pascal }}({ children, className }: {{ name | pascal }}Props) {
  return <div className={className}>{children}</div>;
}
