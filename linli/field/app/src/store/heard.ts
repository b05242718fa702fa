/** A store that says when it has changed. */
export class Heard {
  private listeners = new Set<() => void>();

  /** Returns what ends it. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  protected changed(): void {
    for (const listener of this.listeners) listener();
  }
}
