import type { Rolldown } from 'vite';

type Group = Rolldown.CodeSplittingGroup;

/**
 * One file of what every page needs, one of what a room needs besides. Left alone the bundler makes ninety small ones of it, one for
 * each set of pages that share something: together they compress a tenth worse.
 */
export function firstSight(source: string): Group[] {
  const room = new Set<string>();
  return [
    { name: 'page', tags: ['$initial'], priority: 2 },
    {
      debugName: 'room',
      name: (id, graph) => {
        if (room.size === 0) walk(`${source}/room/RoomPage.tsx`);
        return room.has(id) ? 'room' : null;

        // Packages come along with those who import them; their own lists name all that they have.
        function walk(from: string): void {
          if (room.has(from) || !from.startsWith(`${source}/`)) return;
          room.add(from);
          graph.getModuleInfo(from)?.importedIds.forEach(walk);
        }
      },
      priority: 1,
    },
  ];
}
