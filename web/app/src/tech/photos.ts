// Photos of a visit: made small on the phone, kept there, and sent as soon as there is a connection.
import { sendBytes } from '../api/bytes';
import { post, Problem, uuid7 } from '../api/client';
import { photoStore, type Photo } from './kept';

/** The longer side of a photo that is kept, in pixels. */
const side = 1600;

/** Takes a photo in: made smaller as a JPEG, without what the camera noted beside it, and kept. */
export async function takePhoto(visit: string, file: File): Promise<void> {
  const image = await smaller(file);
  await photoStore.put({ id: uuid7(), visit, name: `${new Date().toISOString().slice(0, 16).replace(/[T:]/g, '-')}.jpg`, image, announced: false });
  void sendPhotos();
}

async function smaller(file: File): Promise<Blob> {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
  canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.82 });
}

/** Sends what is kept, one after the other; what the server refuses for good is dropped, the rest stays for the next time. */
export async function sendPhotos(): Promise<void> {
  await navigator.locks.request('catchment-photos', async () => {
    for (const photo of await photoStore.all()) {
      try { await sendPhoto(photo); } catch (problem) {
        if (problem instanceof Problem && [404, 409, 413, 422].includes(problem.status)) await photoStore.remove(photo.id);
        else return;
      }
    }
  });
}

async function sendPhoto(photo: Photo): Promise<void> {
  if (!photo.announced) {
    await post('/files', { id: photo.id, entity_kind: 'visit', entity_id: photo.visit, name: photo.name }, { key: photo.id });
    await photoStore.put({ ...photo, announced: true });
  }
  await sendBytes(`/files/${photo.id}/content`, photo.image);
  await photoStore.remove(photo.id);
}
