using Standalone;

return await StandaloneApp.RunAsync(args);
