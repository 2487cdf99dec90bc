import type { CDPSession, Page } from '@playwright/test'

export interface Spot {
  x: number
  y: number
}

/** Fingers on a page, as its screen would tell of them: each change says where all of them are. */
export class Touch {
  private constructor(private readonly session: CDPSession) {}

  static async on(page: Page): Promise<Touch> {
    return new Touch(await page.context().newCDPSession(page))
  }

  async down(...spots: Spot[]): Promise<void> {
    await this.session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: spots.map((spot, id) => ({ ...spot, id })) })
  }

  async move(...spots: Spot[]): Promise<void> {
    await this.session.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: spots.map((spot, id) => ({ ...spot, id })) })
  }

  async up(): Promise<void> {
    await this.session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  }

  async tap(...spots: Spot[]): Promise<void> {
    await this.down(...spots)
    await this.up()
  }

  /** All fingers on their ways at once, in steps. */
  async drag(...ways: [from: Spot, to: Spot][]): Promise<void> {
    await this.down(...ways.map(([from]) => from))
    for (let step = 1; step <= steps; step++) {
      await this.move(...ways.map(([from, to]) => ({ x: from.x + ((to.x - from.x) * step) / steps, y: from.y + ((to.y - from.y) * step) / steps })))
    }
    await this.up()
  }
}

const steps = 12
