// Set by the build: addresses of files that are loaded by address, not by import, and the version of the sources.
declare const __MAP_WORKER__: string;
declare const __MAP_CSS__: string;
declare const __VERSION__: string;
declare const __SHELL__: string[];

declare module '*.css';
