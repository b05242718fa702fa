/** When to exchange with the server: soon after work, in between now and then, and after failures ever more seldom. */
const SOON_MS = 300;
const REGULAR_MS = 120_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 300_000;
const SPREAD_MS = 1_000;

/** What an exchange returns: nothing; the seconds that the server asked to wait; or "unknown" after a failure. */
type Exchange = () => Promise<number | 'unknown' | undefined>;

export class Pace {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;
  private again = false;
  private asked = false;
  private failures = 0;
  private notBefore = 0;

  constructor(private readonly exchange: Exchange) {}

  /** The user or the phone asks: a signal came back, the app was opened. Waits only where the server asked for it. */
  now(): void {
    this.asked = true; // the signal may have come back after the exchange that runs now was cut
    this.plan(0);
  }

  soon(): void {
    // While the line is down, each mark is one more reason to try, but not at once.
    if (this.failures === 0) this.plan(SOON_MS);
  }

  private plan(delay: number): void {
    if (this.running) {
      this.again = true;
      return;
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(), Math.max(delay, this.notBefore - Date.now()));
  }

  private async run(): Promise<void> {
    this.running = true;
    this.again = this.asked = false;
    let wait: number | 'unknown' | undefined;
    try {
      wait = await this.exchange();
    } catch {
      wait = 'unknown';
    }
    this.running = false;
    if (wait === undefined) {
      this.failures = 0;
      this.plan(this.again ? 0 : REGULAR_MS);
    } else {
      this.failures++;
      // Spread, so that thousands of phones that lost the same mast do not come back in the same second; a server that
      // gives a time has spread them itself, and whoever came later than that would find another in their place.
      if (wait === 'unknown') {
        this.notBefore = 0;
        const doubled = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.failures - 1));
        this.plan(this.asked ? 0 : doubled * (1 + Math.random()));
      } else {
        this.notBefore = Date.now() + wait * 1000;
        this.plan(wait * 1000 + SPREAD_MS * Math.random());
      }
    }
  }
}
