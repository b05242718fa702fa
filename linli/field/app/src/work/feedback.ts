/** Short words after an act, and the question before one that is hard to take back. */
import { showConfirmDialog, showToast } from 'vant';
import { t, type Word } from '../words';

export const say = (word: Word): void => void showToast({ message: t(word), position: 'top' });

export async function confirm(message: string, yes: string): Promise<boolean> {
  try {
    await showConfirmDialog({ message, confirmButtonText: yes, cancelButtonText: t('cancel') });
    return true;
  } catch {
    return false;
  }
}
