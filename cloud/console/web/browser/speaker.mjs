/** Counts the tones that a page plays, through a stand-in for the browser's own. */
export const speaker = () => {
  globalThis.tones = 0;
  globalThis.AudioContext = class {
    state = 'suspended';
    currentTime = 0;
    destination = {};
    async resume() {
      this.state = 'running';
    }
    createOscillator() {
      globalThis.tones++;
      return { frequency: {}, connect: (x) => x, start() {}, stop() {} };
    }
    createGain() {
      const ramp = { setValueAtTime() {}, linearRampToValueAtTime() {} };
      return { gain: ramp, connect: (x) => x };
    }
  };
};
