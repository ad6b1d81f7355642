[assembly: AssemblyFixture(typeof(GatewayKit.WireTests.Hosting.Lanes))]
