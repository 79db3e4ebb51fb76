package mmibx
