/** The stairwell that was looked at last, as long as the app is open: what is reported is reported from there. */
import { ref } from 'vue';

export const here = ref('');

/** The household in which somebody was registered just now: its door shows it, wherever it stands among the others. */
export const entered = ref('');
