// What is read out to people who do not look at the screen. Urgent is for new
// alerts of levels Ⅰ and Ⅱ alone.

class Announcer {
  urgent = $state('');
  polite = $state('');

  say(text: string, urgent = false) {
    // The same words twice are read twice only if the text changes.
    const place = urgent ? 'urgent' : 'polite';
    this[place] = this[place] === text ? `${text}\u00a0` : text;
  }
}

export const announcer = new Announcer();
