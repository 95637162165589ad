export * from './docker-backend.ts';
