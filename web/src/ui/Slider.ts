export { Slider as default } from '@mantine/core';
