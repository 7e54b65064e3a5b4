CREATE VIEW recent AS FROM remembered;
