/** The stairwell that was looked at last, as long as the app is open: what is reported is reported from there. */
import { ref } from 'vue';

export const here = ref('');
