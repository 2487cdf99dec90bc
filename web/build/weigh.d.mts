export declare const budget: number;
export declare function weigh(dist: string): { files: string[]; raw: number; gzip: number; brotli: number };
