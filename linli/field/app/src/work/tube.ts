/** The tube or kit that was given last, as long as the app is open: people share tubes. */
import { ref } from 'vue';

export const lastTube = ref('');
