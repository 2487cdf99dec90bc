/** A line of the table: what a figure must reach, what it aims for, and what the peer was measured at. */
export interface Measure {
  name: string
  must: string
  aim: string
  /** neko v3 with VP8 | with H.264. */
  peer?: string
}

/** The lines of the table, in its order; docs/benchmarks/README.md says how each is measured. */
export const measures: readonly Measure[] = [
  { name: 'click to picture, still page', must: '40 / 75', aim: '28 / 50', peer: '105 / 134 | 95 / 118' },
  { name: 'click to picture, after video', must: '50', aim: '35', peer: '141-161 | 146' },
  { name: 'click to picture, during video', must: '50', aim: '35', peer: '102-138 / 144-177 | 108 / 145' },
  { name: 'click to picture, 2 % loss and 30 ms each way', must: '120 / 300', aim: '95 / 180', peer: '192 / 524 | 197 / 544' },
  { name: 'warm start: click to first frame', must: '1000', aim: '500' },
  { name: 'cold start: click to first frame', must: '', aim: '' },
  { name: 'join: stream asked for to first frame', must: '300', aim: '150', peer: '892 | 2034' },
  { name: 'still page, one viewer: agent CPU', must: '1.5', aim: '0.5', peer: '38 | 26' },
  { name: 'still page, one viewer: on the wire', must: '3', aim: '1', peer: '292 | 187' },
  { name: 'still page, nobody watching: agent CPU', must: '0.3', aim: '0' },
  { name: 'scrolling text, one viewer: agent CPU', must: '20', aim: '12', peer: '45 | 30' },
  { name: 'clip, one viewer: agent CPU', must: '35', aim: '25', peer: '61 | 49' },
  { name: 'clip, each further viewer: agent CPU', must: '0.5', aim: '0.25', peer: '0.5 | 0.8' },
  { name: 'clip: PSNR-Y', must: '', aim: '', peer: '43.4 at 462 kB/s | 41.3 at 383 kB/s' },
  { name: 'clip: PSNR-Y of plain x264 at the same kB/s', must: '', aim: '' },
  { name: 'clip: PSNR-Y of plain x264 at 383 kB/s', must: '', aim: '' },
  { name: 'clip: PSNR-Y over plain x264 at the same kB/s', must: '+1', aim: '+2' },
  { name: 'text one second after motion: SSIM-Y', must: '0.98', aim: '0.995' },
  { name: 'clip at 2 % loss: freezes over 200 ms in 30 s', must: '0', aim: '0' },
  { name: 'clip at 5 % loss: freezes over 200 ms in 30 s', must: '1', aim: '0', peer: '1-3 | 6' },
  { name: 'clip at 5 % loss: frames shown', must: '', aim: '', peer: '25.3 | 24.5' },
  { name: 'clip, one viewer: agent memory (PSS)', must: '120', aim: '80', peer: '276' },
  { name: 'clip, eleven viewers: agent memory (PSS)', must: '150', aim: '100', peer: '331' },
  { name: 'sound against picture, controller: off by', must: '30 / 45', aim: '15 / 30', peer: '25 | 17' },
  { name: 'sound against picture, watcher: off by', must: '30 / 45', aim: '15 / 30' },
  { name: '200 viewers of the clip: frames delivered', must: '99', aim: '99' },
  { name: '200 viewers of the clip: agent CPU', must: '', aim: '< 100' },
  ...[2, 4, 8].flatMap((size) => ['CPU of a page with the film', 'CPU of a page without the film', 'up', 'down', 'frames of the film, nobody talks', 'frames of the film', 'the machine'].map((what) => ({ name: `calls of ${size}: ${what}`, must: '', aim: '' }))),
  ...['the lobby', 'a room with its picture'].flatMap((page) => [
    ...['first contentful paint', 'largest contentful paint', 'total blocking time', 'cumulative layout shift'].map((what) => ({ name: `${page}, as a phone by Lighthouse: ${what}`, must: '', aim: { 'first contentful paint': '1800', 'largest contentful paint': '2500', 'total blocking time': '200', 'cumulative layout shift': '0.1' }[what] ?? '' })),
    { name: `${page}, as a phone by Lighthouse: script`, must: '250', aim: '' },
  ]),
  ...['one in the list', '200 in the list', '200 in the list, 20 of them change'].map((state) => ({ name: `${state}: the page's main thread`, must: '', aim: '' })),
  { name: 'warm start, in containers: click to first frame', must: '1000', aim: '500' },
  { name: 'cold start, in containers: click to first frame', must: '', aim: '' },
  ...['', ', in containers'].flatMap((where) => [
    `idle room, nobody watching${where}: CPU`, `idle room, nobody watching${where}: memory (PSS)`,
    `idle room, one viewer${where}: CPU`, `idle room, one viewer${where}: memory (PSS)`,
    `rooms that play${where}: before frames drop`, `idle rooms beside one that plays${where}: held`,
  ].map((name) => ({ name, must: '', aim: '' }))),
  { name: 'plain GStreamer x264 here, still page: CPU', must: '', aim: '' },
  { name: 'plain GStreamer x264 here, scrolling text: CPU', must: '', aim: '' },
  { name: 'plain GStreamer x264 here, clip: CPU', must: '', aim: '' },
]
