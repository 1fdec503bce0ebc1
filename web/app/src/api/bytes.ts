// Sending and fetching files: bytes as they are, with progress where it takes time.
import { Problem } from './client';

export function sendBytes(path: string, file: Blob, progress?: (share: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', '/api/v1' + path);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.upload.onprogress = event => { if (event.lengthComputable) progress?.(event.loaded / event.total); };
    request.onerror = () => reject(new Problem(0, 'offline', ''));
    request.onload = () => {
      if (request.status < 300) { resolve(); return; }
      try { const body = JSON.parse(request.responseText) as { title?: string; detail?: string; errors?: { location?: string; message: string }[] }; reject(new Problem(request.status, body.title ?? '', body.detail ?? '', body.errors ?? [])); }
      catch { reject(new Problem(request.status, request.statusText, '')); }
    };
    request.send(file);
  });
}

/** Asks for a file by POST and hands it to the browser to be saved. */
export async function download(path: string, body: unknown): Promise<void> {
  const response = await fetch('/api/v1' + path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), credentials: 'same-origin' });
  if (!response.ok) { const told = await response.json().catch(() => ({})) as { title?: string; detail?: string }; throw new Problem(response.status, told.title ?? '', told.detail ?? ''); }
  const name = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? 'export';
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = decodeURIComponent(name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
