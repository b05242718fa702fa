import { createApp } from 'vue';
import App from './App.vue';
import { start } from './field';
import { router } from './router';
import { registerWorker } from './worker';
import { isQuotaError } from './store/db';
import { lang, setLang } from './words';
import { say } from './work/feedback';
import './styles/vant.css';
import './styles/tokens.css';
import './styles/app.css';

setLang(lang.value);
const app = createApp(App).use(router);
// What no screen has words for is said all the same: a button that does nothing is not understood.
function complain(error: unknown): void {
  console.error(error);
  say(isQuotaError(error) ? 'full' : 'went_wrong');
}
app.config.errorHandler = complain;
app.mount('#app');
start().then(registerWorker).catch(complain);
