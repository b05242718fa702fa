import { createApp } from 'vue';
import App from './App.vue';
import { start } from './field';
import { router } from './router';
import { registerWorker } from './worker';
import { lang, setLang } from './words';
import './styles/vant.css';
import './styles/tokens.css';
import './styles/app.css';

setLang(lang.value);
createApp(App).use(router).mount('#app');
void start().then(registerWorker);
