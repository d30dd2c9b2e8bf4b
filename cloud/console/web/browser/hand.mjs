// The hand of an operator, for the tests: it counts what it does. A click, a key, a choice in
// a list and a text written into one field are one each.

/** How many a task may take from Situation. */
export const atMost = 5;

export class Hand {
  done = 0;

  constructor(page) {
    this.page = page;
  }

  #count(what) {
    this.done++;
    if (this.done > atMost) throw new Error(`${what} is number ${this.done}, and a task takes at most ${atMost}`);
  }

  async click(what) {
    this.#count(`a click on ${what}`);
    await what.click();
  }

  async press(...keys) {
    for (const key of keys) {
      this.#count(`the key ${key}`);
      await this.page.keyboard.press(key);
    }
  }

  async type(field, text) {
    this.#count(`writing into ${field}`);
    await field.fill(text);
  }

  async choose(list, option) {
    this.#count(`choosing in ${list}`);
    await list.selectOption(option);
  }
}
