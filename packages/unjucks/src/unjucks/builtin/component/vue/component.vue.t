---
to: "{{ dir }}/{{ name | pascal }}/{{ name | pascal }}.vue"
---
<script setup lang="ts">
withDefaults(defineProps<{ label?: string }>(), { label: '{{ name | title }}' });
</script>

<template>
  <div class="{{ name | kebab }}">
    <slot>{% raw %}{{ label }}{% endraw %}</slot>
  </div>
</template>
