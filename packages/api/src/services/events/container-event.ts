import type { Progress, ProgressEvent, StateEvent, TimelineEntry } from '@boatload/contract';

/** What is told of a container as it happens. */
export type ContainerEvent =
  | { readonly kind: 'state'; readonly data: StateEvent }
  | { readonly kind: 'progress'; readonly data: ProgressEvent }
  /** Nothing more happens to it by itself, or nothing is left of it. */
  | { readonly kind: 'end'; readonly data: { readonly container: string } };

export function stateEvent(container: string, entry: TimelineEntry & { readonly seq: number }): ContainerEvent {
  return { kind: 'state', data: { container, ...entry } };
}

export function progressEvent(container: string, progress: Progress): ContainerEvent {
  return { kind: 'progress', data: { container, ...progress } };
}
