/** A place of the page, in its pixels. */
export interface Place {
  x: number;
  y: number;
}

/** What fingers mean: while only watching, and the two ways to drive. */
export type TouchMode = 'watch' | 'touch' | 'trackpad';

/** What is done for the fingers. Where no place is given, it is at the pointer that a trackpad moves. */
export interface Hand {
  /** A tap of who only watches, once it can't become a double tap any more. */
  tapped: () => void;
  press: (button: number, at?: Place) => void;
  lift: (button: number, at?: Place) => void;
  /** The finger that holds a button went there. */
  drag: (at: Place) => void;
  /** The pointer goes that far. */
  point: (dx: number, dy: number) => void;
  /** The page follows fingers that went that far. */
  scroll: (dx: number, dy: number, at?: Place) => void;
  /** The picture follows two fingers around their centre; one that only pans has the factor 1. */
  zoom: (factor: number, centre: Place, dx: number, dy: number) => void;
  toggleZoom: (at: Place) => void;
  /** A finger was held long enough, here; null: it is over. */
  held: (at: Place | null) => void;
}

const left = 1;
const right = 3;
/** A finger that moved this many pixels is no tap any more. */
const slop = 10;
/** Two fingers that came this much nearer or farther zoom. */
const pinchSlop = 16;
const longPress = 500;
/** How long a tap waits for a second one, and how far from it that may be. */
const doubleTap = 300;
const doubleTapReach = 40;
/** A trackpad's tap holds its button for so long, in which a finger that comes again drags. */
const tapDrag = 180;

/** How far the pointer goes for a finger's pixel, by the finger's speed in pixels a millisecond: slow is exact, fast is far. */
export const acceleration = (speed: number): number => Math.min(1.8, 0.6 + speed * 0.8);

const between = (a: Place, b: Place): number => Math.hypot(a.x - b.x, a.y - b.y);

interface Finger {
  start: Place;
  at: Place;
  /** When it last moved. */
  time: number;
}

/**
 * What the fingers on the picture are about. `undecided` may still become a tap; `held` is a long press that opens the menu when
 * it ends and drags when it moves; `over` waits until no finger is left.
 */
type Gesture = 'none' | 'undecided' | 'held' | 'drag' | 'scroll' | 'point' | 'pan' | 'two' | 'pinch' | 'twoScroll' | 'over';

/**
 * Gestures tells from fingers that come, move and go what they want. It knows nothing of the page: places come in, and what
 * shall be done goes to a Hand. Whatever ends a gesture - a finger lost, a third one, the end of control - leaves no button pressed.
 */
export class Gestures {
  private readonly fingers = new Map<number, Finger>();
  private gesture: Gesture = 'none';
  /** As it was when the first finger came. */
  private mode: TouchMode = 'watch';
  private pressed = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** The end of a trackpad's tap, or the tap of who only watches. */
  private afterTap: { timer: ReturnType<typeof setTimeout>; at: Place } | null = null;
  private lastTap: { at: Place; time: number } | null = null;
  private two = { time: 0, centre: { x: 0, y: 0 }, distance: 0 };

  constructor(
    private readonly hand: Hand,
    private readonly modeNow: () => TouchMode,
    private readonly now: () => number = () => performance.now(),
  ) {}

  down(id: number, at: Place): void {
    // Its end was never told.
    if (this.fingers.has(id)) this.cancel(id);
    this.fingers.set(id, { start: at, at, time: this.now() });
    if (this.fingers.size === 1) this.first(at);
    else if (this.fingers.size === 2) this.second();
    else this.abort();
  }

  move(id: number, at: Place): void {
    const finger = this.fingers.get(id);
    if (!finger) return;
    const before = this.gesture === 'two' || this.gesture === 'pinch' || this.gesture === 'twoScroll' ? this.spread() : null;
    const dx = at.x - finger.at.x;
    const dy = at.y - finger.at.y;
    const now = this.now();
    const speed = Math.hypot(dx, dy) / Math.max(1, now - finger.time);
    finger.at = at;
    finger.time = now;
    if (before) {
      this.moveTwo(before);
      return;
    }
    switch (this.gesture) {
      case 'undecided':
        if (between(at, finger.start) > slop) this.begin();
        break;
      case 'held':
        if (between(at, finger.start) <= slop) break;
        this.gesture = 'drag';
        this.hand.held(null);
        this.press(finger.start);
        this.hand.drag(at);
        break;
      case 'drag':
        if (this.mode === 'touch') this.hand.drag(at);
        else this.hand.point(dx * acceleration(speed), dy * acceleration(speed));
        break;
      case 'scroll':
        this.hand.scroll(dx, dy, finger.start);
        break;
      case 'point':
        this.hand.point(dx * acceleration(speed), dy * acceleration(speed));
        break;
      case 'pan':
        this.hand.zoom(1, at, dx, dy);
        break;
      default:
    }
  }

  up(id: number): void {
    const finger = this.fingers.get(id);
    if (!finger) return;
    this.fingers.delete(id);
    if (this.fingers.size > 0) {
      // Of two that did nothing yet, both have to go for a tap; what is left of a gesture begins no other.
      if (this.gesture !== 'two') this.gesture = 'over';
      return;
    }
    const { gesture } = this;
    this.gesture = 'none';
    this.stopTimer();
    if (gesture === 'undecided') this.tap(finger.at);
    else if (gesture === 'drag') this.lift(finger.at);
    else if (gesture === 'held') {
      this.hand.held(null);
      this.click(right, finger.start);
    } else if (gesture === 'two' && this.mode === 'trackpad' && this.now() - this.two.time < longPress) this.click(right);
  }

  /** The system took a finger away, as for a gesture of its own. */
  cancel(id: number): void {
    const finger = this.fingers.get(id);
    if (!finger) return;
    this.fingers.delete(id);
    this.abort(finger.at);
  }

  /** Ends all, and lets go of what is pressed. */
  abort(at?: Place): void {
    this.stopTimer();
    const pending = this.endTap();
    if (this.gesture === 'held') this.hand.held(null);
    const place = at ?? this.fingers.values().next().value?.at ?? pending;
    if (this.pressed) this.lift(place);
    this.gesture = this.fingers.size > 0 ? 'over' : 'none';
  }

  /** Control came or went. When it went the agent has released all, so nothing is said. */
  forget(): void {
    this.stopTimer();
    this.endTap();
    if (this.gesture === 'held') this.hand.held(null);
    this.pressed = false;
    this.lastTap = null;
    this.gesture = this.fingers.size > 0 ? 'over' : 'none';
  }

  private first(at: Place): void {
    const mode = this.modeNow();
    // A trackpad's button that its tap still holds is what this finger drags.
    if (this.pressed) this.endTap();
    if (mode !== 'trackpad') this.lift();
    this.mode = mode;
    this.gesture = 'undecided';
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.mode !== 'touch') {
        this.begin();
        return;
      }
      this.gesture = 'held';
      this.hand.held(at);
    }, longPress);
  }

  private second(): void {
    if (this.gesture === 'over' || this.gesture === 'drag' || this.gesture === 'held') {
      this.abort();
      return;
    }
    this.stopTimer();
    this.lift(); // the tap before was one
    this.gesture = 'two';
    this.two = { time: this.now(), ...this.spread() };
  }

  /** One finger is no tap any more. */
  private begin(): void {
    this.stopTimer();
    if (this.mode === 'trackpad') this.gesture = this.pressed ? 'drag' : 'point';
    else this.gesture = this.mode === 'touch' ? 'scroll' : 'pan';
  }

  private spread(): { centre: Place; distance: number } {
    const [a, b] = [...this.fingers.values()].map((finger) => finger.at);
    if (!a || !b) return { centre: a ?? { x: 0, y: 0 }, distance: 0 };
    return { centre: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, distance: between(a, b) };
  }

  private moveTwo(before: { centre: Place; distance: number }): void {
    // One of two has gone already: the other only waits to go too.
    if (this.fingers.size < 2) return;
    const { centre, distance } = this.spread();
    if (this.gesture === 'two') {
      if (Math.abs(distance - this.two.distance) > pinchSlop) this.gesture = 'pinch';
      else if (between(centre, this.two.centre) > slop) this.gesture = this.mode === 'trackpad' ? 'twoScroll' : 'pinch';
      return;
    }
    const dx = centre.x - before.centre.x;
    const dy = centre.y - before.centre.y;
    if (this.gesture === 'twoScroll') this.hand.scroll(dx, dy);
    else this.hand.zoom(before.distance > 0 ? distance / before.distance : 1, centre, dx, dy);
  }

  private tap(at: Place): void {
    const { lastTap } = this;
    const now = this.now();
    const again = lastTap !== null && now - lastTap.time < doubleTap && between(at, lastTap.at) < doubleTapReach;
    // A finger never hits the same point twice, and what is clicked twice has to be.
    const place = again ? lastTap.at : at;
    this.lastTap = { at: place, time: now };
    switch (this.mode) {
      case 'watch':
        this.endTap();
        if (again) {
          this.lastTap = null;
          this.hand.toggleZoom(at);
        } else this.waitAfterTap(at, doubleTap, () => this.hand.tapped());
        break;
      case 'touch':
        this.click(left, place);
        break;
      case 'trackpad':
        // The second tap of two: the first still holds the button.
        if (this.pressed) {
          this.lift();
          this.click(left);
          break;
        }
        this.press();
        this.waitAfterTap(at, tapDrag, () => this.lift());
    }
  }

  private waitAfterTap(at: Place, time: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.afterTap = null;
      then();
    }, time);
    this.afterTap = { at, timer };
  }

  private click(button: number, at?: Place): void {
    this.hand.press(button, at);
    this.hand.lift(button, at);
  }

  private press(at?: Place): void {
    this.pressed = true;
    this.hand.press(left, at);
  }

  private lift(at?: Place): void {
    if (!this.pressed) return;
    this.pressed = false;
    if (this.mode === 'trackpad') this.hand.lift(left);
    else this.hand.lift(left, at);
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private endTap(): Place | undefined {
    if (!this.afterTap) return undefined;
    const { timer, at } = this.afterTap;
    clearTimeout(timer);
    this.afterTap = null;
    return at;
  }
}
