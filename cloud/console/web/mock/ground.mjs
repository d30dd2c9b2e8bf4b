// What lies below the map of the invented city.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(import.meta.dirname, '../../../../firmware-configs/sites/demo-city-ground.geojson');
export const demoGround = JSON.parse(readFileSync(file, 'utf8')).features;
